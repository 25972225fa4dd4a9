"""Two handlers that run into their limits, to see what Hearth says."""

import time


def hungry(event, context):
    print("asking for 1 GiB")
    block = bytearray(1 << 30)
    # Touched page by page: memory that is only reserved is not charged.
    for offset in range(0, len(block), 4096):
        block[offset] = 1
    return len(block)


def slow(event, context):
    print(f"{context.get_remaining_time_in_millis()} ms left, sleeping for a minute")
    time.sleep(60)
    return "never"
