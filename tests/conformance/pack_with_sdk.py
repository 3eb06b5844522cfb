"""Pack a source directory with an SDK's own code, up to the upload; run by the Python of that SDK's environment.

``python pack_with_sdk.py v2|v3 SOURCE_DIRECTORY`` prints the names of the files that would be uploaded, as JSON.
"""

import json
import os
import sys
import tarfile


class Bucket:
    """Replaces S3, and records the names of the uploaded files, also of those in an archive."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.names = []

    def Object(self, bucket, key):  # noqa: N802  # boto3 has this name.
        self.key = key
        return self

    def upload_file(self, path, **_):
        if self.key.endswith("/sourcedir.tar.gz"):
            with tarfile.open(path) as packed:
                self.names += [member.name for member in packed if not member.isdir()]
        else:
            assert os.path.isfile(path)
            self.names.append(os.path.relpath(self.key, self.prefix))


def pack_with_v2(source):
    """As ``Framework._stage_user_code_in_s3`` of ``Estimator.fit()`` does."""
    from sagemaker.fw_utils import tar_and_upload_dir

    bucket = Bucket("job/source")
    tar_and_upload_dir(None, "bucket", bucket.prefix, "train.py", source, s3_resource=bucket)
    return bucket.names


def pack_with_v3(source):
    """As ``ModelTrainer.train()`` does."""
    from sagemaker.core.helper.session_helper import Session
    from sagemaker.core.training.configs import SourceCode
    from sagemaker.train.model_trainer import Mode, ModelTrainer

    bucket = Bucket("job/code")
    session = Session.__new__(Session)  # Its __init__() would send requests to AWS.
    settings = {"_default_bucket": "bucket", "_default_bucket_set_by_sdk": False, "default_bucket_prefix": None}
    vars(session).update(settings, s3_resource=bucket)
    # In its local mode it does not ask AWS for the role.
    trainer = ModelTrainer.model_construct(
        training_image="image", training_mode=Mode.LOCAL_CONTAINER, sagemaker_session=session
    )
    trainer.training_mode = Mode.SAGEMAKER_TRAINING_JOB
    code = SourceCode(source_dir=source, entry_script="train.py")
    trainer.create_input_data_channel("code", source, key_prefix="job", ignore_patterns=code.ignore_patterns)
    return bucket.names


if __name__ == "__main__":
    print(json.dumps(sorted({"v2": pack_with_v2, "v3": pack_with_v3}[sys.argv[1]](sys.argv[2]))))
