"""What the processes of the commands set for themselves."""

import subprocess
import sys

_READ = """
import requests
from zoho_crm.process import prepare_process

class Body:
    def stream(self, piece, decode_content):
        self.piece = piece
        yield b"{}"

prepare_process()
answer = requests.Response()
answer.raw = Body()
assert answer.content == b"{}"
print(answer.raw.piece)
"""


def test_an_answer_is_read_in_large_pieces() -> None:
    # In a process of its own: the setting is the process's.
    done = subprocess.run([sys.executable, "-c", _READ], capture_output=True, check=True, text=True)
    assert int(done.stdout) == 2**20
