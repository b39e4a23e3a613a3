"""Items of file and image fields, as versions before v6 show them.

They are stored as v8 shows them; earlier versions have fewer keys, or the same under other names.
"""

from collections.abc import Mapping

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


def _rename_keys(items: Items, keys: Mapping[str, str]) -> Items:
    return [{old: item.get(new) for old, new in keys.items()} for item in items]


def show_old_file_items(items: Items) -> Items:
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
        for shown in _rename_keys(items, _FILE_KEYS)
    ]


def show_image_items(items: Items) -> Items:
    return _rename_keys(items, _IMAGE_KEYS)
