"""Does with huggingface_hub what a test of the Java module asks for, in the cache that the environment names.

    hub_cache.py version                           prints the version of huggingface_hub
    hub_cache.py download REPOSITORY FILE          downloads if need be, prints the path
    hub_cache.py find REPOSITORY REVISION FILE     finds it without a request, prints the path
    hub_cache.py snapshot REPOSITORY               downloads all files, prints the folder
    hub_cache.py find-snapshot REPOSITORY          finds the folder without a request, prints it
    hub_cache.py scan                              prints a line for each commit: repository, commit, refs, bytes, files;
                                                   fails if there is a warning
"""

import sys

import huggingface_hub


def scan():
    info = huggingface_hub.scan_cache_dir()
    for repo in info.repos:
        for revision in repo.revisions:
            refs = ",".join(sorted(revision.refs))
            print(repo.repo_id, revision.commit_hash, refs, revision.size_on_disk, len(revision.files))
    for warning in info.warnings:
        print("warning:", warning)
    return 1 if info.warnings else 0


def main(command, *arguments):
    if command == "version":
        print(huggingface_hub.__version__)
    elif command == "download":
        repository, file = arguments
        print(huggingface_hub.hf_hub_download(repository, file))
    elif command == "find":
        repository, revision, file = arguments
        print(huggingface_hub.hf_hub_download(repository, file, revision=revision, local_files_only=True))
    elif command == "snapshot":
        print(huggingface_hub.snapshot_download(arguments[0]))
    elif command == "find-snapshot":
        print(huggingface_hub.snapshot_download(arguments[0], local_files_only=True))
    elif command == "scan":
        return scan()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
