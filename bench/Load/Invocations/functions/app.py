import time


def handle(event, context):
    if event.get("SleepMs"):
        time.sleep(event["SleepMs"] / 1000)
    return {"Hello": event["Name"]}
