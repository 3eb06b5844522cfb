"""Classes with what those of SageMaker's SDKs have. ``tests/conformance`` holds the real ones against the same rules."""


class PipelineVariable:
    """A pipeline variable; with a default, a parameter of the pipeline."""

    def __init__(self, default_value=None):
        self.default_value = default_value

    @property
    def expr(self):
        return {"Get": "Parameters.x"}

    def to_string(self):
        return self

    def __str__(self):
        raise TypeError("Pipeline variables do not support __str__ operation.")


class ParameterRange:
    def __init__(self, min_value, max_value, scaling_type="Auto"):
        self.min_value = min_value
        self.max_value = max_value
        self.scaling_type = scaling_type


class ContinuousParameter(ParameterRange):
    __name__ = "Continuous"


class IntegerParameter(ParameterRange):
    __name__ = "Integer"


class CategoricalParameter(ParameterRange):
    __name__ = "Categorical"

    def __init__(self, values):
        self.values = [value if isinstance(value, PipelineVariable) else str(value) for value in values]


class CategoricalParameterOfV2(CategoricalParameter):
    __module__ = "sagemaker.parameter"
