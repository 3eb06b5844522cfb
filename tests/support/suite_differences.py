"""The tests of argparse and ConfigArgParse that fail with smargs, each with the reason and a pattern of its failure."""

# Their help texts name the variable of each argument: whole screens (usage lines are tested apart, and pass), ...
SCREENS = """
    TestHelpAlternatePrefixChars TestHelpArgumentDefaults TestHelpBiggerOptionalGroups TestHelpBiggerOptionals
    TestHelpBiggerPositionals TestHelpMetavarTypeFormatter TestHelpNoHelpOptional TestHelpNone TestHelpOnlyUserGroups
    TestHelpRawDescription TestHelpRawText TestHelpReformatting TestHelpRequiredOptional TestHelpSuppressOptional
    TestHelpSuppressOptionalGroup TestHelpSuppressPositional TestHelpSuppressUsage TestHelpTupleMetavar
    TestHelpTupleMetavarOptional TestHelpTupleMetavarPositional TestHelpUsage TestHelpUsageLongProg
    TestHelpUsageLongProgOptionsWrap TestHelpUsageLongProgPositionalsWrap TestHelpUsageMetavarsSpacesParentheses
    TestHelpUsageOptionalsOnlyWrap TestHelpUsageOptionalsPositionalsWrap TestHelpUsageOptionalsWrap
    TestHelpUsagePositionalsOnlyWrap TestHelpUsagePositionalsWrap TestHelpUsageWithParentheses TestHelpVariableExpansion
    TestHelpVersionActionSuppress TestHelpWrappingLongNames TestHelpWrappingShortNames TestShortColumns
"""
# ... screens of mutually exclusive groups, ...
GROUPS = """
    TestMutuallyExclusiveFirstSuppressed TestMutuallyExclusiveFirstSuppressedParent TestMutuallyExclusiveInGroup
    TestMutuallyExclusiveLong TestMutuallyExclusiveLongParent TestMutuallyExclusiveNested
    TestMutuallyExclusiveOptionalAndPositional TestMutuallyExclusiveOptionalAndPositionalParent
    TestMutuallyExclusiveOptionalOptional TestMutuallyExclusiveOptionalWithDefault
    TestMutuallyExclusiveOptionalsAndPositionalsMixed TestMutuallyExclusiveOptionalsAndPositionalsMixedParent
    TestMutuallyExclusiveOptionalsMixed TestMutuallyExclusiveOptionalsMixedParent
    TestMutuallyExclusivePositionalWithDefault TestMutuallyExclusiveSimple TestMutuallyExclusiveSimpleParent
"""
# ... and single tests.
SINGLE = """
    TestAddSubparsers.test_alias_help TestAddSubparsers.test_help TestAddSubparsers.test_help_alternate_prefix_chars
    TestAddSubparsers.test_help_blank TestAddSubparsers.test_help_extra_prefix_chars
    TestAddSubparsers.test_help_non_breaking_spaces TestAddSubparsers.test_parser_command_help
    TestAddSubparsers.test_subparser1_help TestAddSubparsers.test_subparser2_help TestAddSubparsers.test_subparser_title_help
    TestConflictHandling.test_resolve_error TestMutuallyExclusiveGroupErrors.test_help
    TestMutuallyExclusiveGroupErrors.test_help_subparser_all_mutually_exclusive_group_members_suppressed
    TestMutuallyExclusiveGroupErrorsParent.test_help
    TestMutuallyExclusiveGroupErrorsParent.test_help_subparser_all_mutually_exclusive_group_members_suppressed
    TestParentParsers.test_groups_parents TestParentParsers.test_mutex_groups_parents TestParentParsers.test_parent_help
    TestWrappingMetavar.test_help_with_metavar
"""
# They pass a letter to an argument whose default is 42 (or 0.625), so its type is inferred.
LETTERS = """
    TestOptionalsDefault TestParserDefault42 TestPositionalsNargsNoneOptional1 TestPositionalsNargsOptionalDefault
    TestPositionalsNargsOptionalNone TestPositionalsNargsOptionalOptional
"""
# They pass X and an empty text to an argument of type=bool: argparse reads true and false. They were added after 3.13.0.
BOOLEANS = "TestMutuallyExclusiveOptionalWithDefault TestMutuallyExclusivePositionalWithDefault"
# They compare the error for missing arguments, which names their variables in a job. All but the first were added after 3.13.0.
MISSING = """
    test_required_args test_required_args_n test_required_args_n_with_metavar test_required_args_one_or_more
    test_required_args_one_or_more_with_metavar test_required_args_optional test_required_args_remainder
    test_required_args_with_metavar test_required_args_zero_or_more
"""


def listed(classes, methods, shown):
    """The tests of some classes, each with the pattern of its failure."""
    return {f"{each}.test_{method}": shown for each in classes.split() for method in methods.split()}


NAME = {"TestStrings.test_parser": r"AssertionError: .*SageMakerArgumentParser\(prog="}  # It prints the class's name.
MENDED = listed(BOOLEANS, "successes_when_required successes_when_not_required", r"error: argument .* invalid bool value: 'X?'")
HELP = {
    **listed(SCREENS, "format_help print_help print_file_help", r"AssertionError: .*SM_"),
    **listed(GROUPS, "help_when_required help_when_not_required", r"AssertionError: .*SM_"),
    **dict.fromkeys(SINGLE.split(), r"AssertionError: .*SM_"),
}
HOW = " ".join(
    f"successes_{many}_{given}" for many in ("no_groups", "one_group", "many_groups") for given in ("listargs", "sysargs")
)
INFERRED = listed(
    LETTERS, HOW, r"error: argument .* \(inferred from the default (42|0\.625); infer_types=False turns this off\)"
)
HINTS = {f"TestExitOnError.{name}": r"AssertionError: .* \(SM_HP_BA[RZ] is not set\)" for name in MISSING.split()}

PLAIN = {"infer_types": False, "add_env_var_help": False}
