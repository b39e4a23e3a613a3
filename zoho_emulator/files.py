"""Items of file, image and tag fields, as each version shows them.

They are stored as v8 shows them; earlier versions have fewer keys, or the same under other names.
"""

from collections.abc import Callable, Mapping

from zoho_emulator.model import Field
from zoho_emulator.versions import Version

Items = list[dict[str, object]]

#: Keys before v6, from the keys since ("Get Records", and the models of Zoho's own SDKs).
_FILE_KEYS: Mapping[str, str] = {
    "attachment_Id": "id",
    "file_Id": "File_Id__s",
    "file_Name": "File_Name__s",
    "file_Size": "Size__s",
    "original_Size_Byte": "Size__s",
}
_IMAGE_KEYS: Mapping[str, str] = {
    "id": "id",
    "File_Id": "File_Id__s",
    "File_Name": "File_Name__s",
    "Size": "Size__s",
    "Sequence_Number": "Sequence_Number__s",
    "State": "State__s",
    "Description": "Description__s",
    "Encrypted_Id": "Encrypted_Id__s",
    "Preview_Id": "Preview_Id__s",
}


def _renamed(items: Items, keys: Mapping[str, str]) -> Items:
    return [{old: item.get(new) for old, new in keys.items()} for item in items]


def _old_files(items: Items) -> Items:
    return [
        {
            **shown,
            "file_Size": str(shown["file_Size"]),
            "extn": str(shown["file_Name"]).rpartition(".")[2],
            "mode": "",
            "link_Docs": 0,
            "is_Preview_Available": True,
            "download_Url": f"/crm/org/specific/ViewAttachment?fileId={shown['file_Id']}",
            "delete_Url": f"/crm/deleteattachment.do?attachmentid={shown['attachment_Id']}",
            "preview_Url": f"/crm/viewImage.do?fileId={shown['file_Id']}",
        }
        for shown in _renamed(items, _FILE_KEYS)
    ]


def _old_images(items: Items) -> Items:
    return _renamed(items, _IMAGE_KEYS)


def _plain_tags(items: Items) -> Items:
    return [{"name": item.get("name"), "id": item.get("id")} for item in items]


def shower(field: Field, version: Version) -> Callable[[Items], Items] | None:
    """What makes of stored items those of the version; None when they are the same."""
    if field.data_type == "fileupload" and not version.v6_metadata:
        return _old_files
    if field.data_type == "imageupload" and not version.v6_metadata:
        return _old_images
    if field.api_name == "Tag" and version.number < 2.1:
        return _plain_tags
    return None
