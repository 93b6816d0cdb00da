"""The standing sentences, in every language. A value stands in braces."""

from __future__ import annotations

PHRASES: dict[str, dict[str, str]] = {
    "next_in_line": {"zh": "您是下一位，请稍候。", "en": "You are next in line."},
    "position": {"zh": "您前面还有{ahead}位，请稍候。", "en": "You are number {place} in line."},
    "position_above": {
        "zh": "您前面还有超过{up_to}位，请稍候。",
        "en": "There are more than {up_to} callers before you.",
    },
    "wait_under_a_minute": {"zh": "预计等候时间不到一分钟。", "en": "The expected wait is less than a minute."},
    "wait_under": {"zh": "预计等候时间不到{minutes}。", "en": "The expected wait is less than {minutes}."},
    "wait_about": {"zh": "预计等候时间约{minutes}。", "en": "The expected wait is about {minutes}."},
    "wait_between": {
        "zh": "预计等候时间为{low}到{minutes}。",
        "en": "The expected wait is between {low} and {minutes}.",
    },
    "wait_above": {"zh": "预计等候时间超过{minutes}。", "en": "The expected wait is more than {minutes}."},
    "wait_longer": {
        "zh": "等候时间比刚才告知您的变长了。",
        "en": "The wait has become longer than we told you.",
    },
    "place_kept": {"zh": "欢迎回来，您的位置已为您保留。", "en": "Welcome back. Your place in line was kept."},
    "callback_offer": {
        "zh": "如果不想继续等待，请按{key}，我们会按您的排队顺序给您回电。",
        "en": "If you would rather not wait, press {key}. You keep your place in line and we will call you back.",
    },
    "keyed_which": {
        "zh": "回拨您的来电号码请按一，回拨其他号码请按二。",
        "en": "To be called back at the number that you call from, press 1. For another number, press 2.",
    },
    "keyed_number": {
        "zh": "请输入回拨号码，按井号键结束。重新输入请按星号键。",
        "en": "Please enter the number that we should call, followed by hash. To begin again, press star.",
    },
    "keyed_right": {
        "zh": "您输入的号码是{number}。正确请按一，重新输入请按二。",
        "en": "You have entered {number}. If that is right, press 1. To enter it again, press 2.",
    },
    "keyed_refused": {
        "zh": "对不起，我们无法回拨这个号码。",
        "en": "We are sorry, we cannot call this number back.",
    },
    "callback_promised": {
        "zh": "好的，我们会尽快给您回电。再见。",
        "en": "Thank you. We will call you back as soon as it is your turn. Goodbye.",
    },
    # to customers whom we have called
    "called_press": {
        "zh": "如需现在与我们通话，请按{key}。",
        "en": "To talk to us now, press {key}.",
    },
    "called_never_again": {
        "zh": "如不希望再接到我们的电话，请按{key}。",
        "en": "If you do not want us to call you again, press {key}.",
    },
    "called_in_vain": {
        "zh": "非常抱歉，目前没有坐席可以为您服务。再见。",
        "en": "We are sorry, nobody is free to talk to you at the moment. Goodbye.",
    },
    "agent_logged_in": {"zh": "您已登录。", "en": "You are logged in."},
    "agent_logged_out": {"zh": "您已退出。", "en": "You are logged out."},
    "agent_ready": {"zh": "您已就绪。", "en": "You are ready."},
    "agent_paused": {"zh": "您已暂停。", "en": "You are paused."},
    "agent_unknown": {"zh": "这部电话不属于任何坐席。", "en": "This phone does not belong to an agent."},
    "agent_paused_for": {"zh": "您已暂停：{reason}。", "en": "You are paused: {reason}."},
    "agent_paused_after": {"zh": "本次通话后您将暂停。", "en": "You will be paused after this call."},
    "agent_logged_out_after": {"zh": "本次通话后您将退出。", "en": "You will be logged out after this call."},
    "agent_wrap_up_after": {"zh": "本次通话后为您留出整理时间。", "en": "Your wrap-up time begins after this call."},
    "agent_wrap_up_longer": {"zh": "整理时间已延长。", "en": "You have more time to wrap up."},
    "agent_no_wrap_up": {"zh": "您没有需要整理的通话。", "en": "You have no call to wrap up."},
    "agent_disposition": {"zh": "已记录：{code}。", "en": "Noted: {code}."},
    "agent_disposition_away": {
        "zh": "数据库暂时不可用，{code}尚未存入，请稍后再记录一次。",
        "en": "{code} is not kept yet: the database is away. Please say so once more later.",
    },
    "agent_no_disposition": {"zh": "没有可以这样记录的通话。", "en": "There is no call of which that could be noted."},
    "agent_no_reason": {"zh": "没有这个暂停原因。", "en": "There is no such reason for a pause."},
    "agent_login_number": {
        "zh": "请输入坐席工号，按井号键结束。",
        "en": "Please enter your agent number, followed by hash.",
    },
    "agent_login_pin": {"zh": "请输入密码，按井号键结束。", "en": "Please enter your PIN, followed by hash."},
    "agent_login_wrong": {"zh": "工号或密码不正确。", "en": "That number or PIN is not right."},
    "agent_login_locked": {
        "zh": "密码输入错误次数过多，请稍后再试。",
        "en": "There were too many wrong PINs. Please try again later.",
    },
    "agent_login_taken": {
        "zh": "已有其他坐席使用这部电话。",
        "en": "Somebody else is logged in at this phone.",
    },
    "agent_forced": {"zh": "坐席状态已更改。", "en": "The state of the agent is set."},
    "agent_force_refused": {"zh": "您无权更改该坐席的状态。", "en": "You may not set the state of this agent."},
    "apology": {
        "zh": "对不起，出了一点问题，请稍后再拨。",
        "en": "We are sorry, something went wrong. Please call again later.",
    },
    "voicemail_beep_hint": {
        "zh": "请在提示音后留言，按井号键结束。",
        "en": "Please leave a message after the tone, and press hash when you are done.",
    },
    "conference_pin": {
        "zh": "请输入会议密码，按井号键结束。",
        "en": "Please enter the PIN of the conference, followed by hash.",
    },
    "conference_wrong_pin": {"zh": "密码不正确。", "en": "That PIN is not right."},
    "conference_waits": {
        "zh": "主持人到达后会议开始，请稍候。",
        "en": "The conference begins when its moderator is there. Please wait.",
    },
    "conference_muted": {"zh": "您已静音。", "en": "You are muted."},
    "conference_unmuted": {"zh": "您已取消静音。", "en": "You are no longer muted."},
    "conference_all_muted": {"zh": "全体已静音。", "en": "Everybody is muted."},
    "conference_all_unmuted": {"zh": "全体已取消静音。", "en": "Everybody can talk again."},
    "conference_locked": {"zh": "会议已锁定。", "en": "The conference is locked."},
    "conference_unlocked": {"zh": "会议已解锁。", "en": "The conference is open."},
    "conference_count": {"zh": "参加人数：{count}。", "en": "Participants: {count}."},
    "parked_at": {"zh": "通话已驻留在{slot}。", "en": "Parked at {slot}."},
    "transfer_announced": {
        "zh": "{caller}来电，按{key}接听。",
        "en": "Call from {caller}. Press {key} to take it.",
    },
    "transfer_announced_unknown": {
        "zh": "匿名来电，按{key}接听。",
        "en": "Call from somebody unknown. Press {key} to take it.",
    },
    "whisper_queue": {"zh": "{queue}来电，{waited_s}。", "en": "Call from {queue}, {waited_s}."},
    "whisper_callback": {"zh": "回电给{number}。", "en": "Callback to {number}."},
    # of the messages in a mailbox
    "mailbox_pin": {"zh": "请输入信箱密码，按井号键结束。", "en": "Please enter your PIN, followed by hash."},
    "mailbox_wrong": {"zh": "密码不正确。", "en": "That PIN is not right."},
    "mailbox_locked": {
        "zh": "密码输入错误次数过多，请稍后再试。",
        "en": "There were too many wrong PINs. Please try again later.",
    },
    "mailbox_closed": {"zh": "无法打开这个信箱。", "en": "This mailbox cannot be opened."},
    "mailbox_main": {
        "zh": "听新留言请按一，听已保存的留言请按二，录制问候语请按三，结束请按星号键。",
        "en": "For new messages press 1, for kept ones press 2, for your greeting press 3, to end press star.",
    },
    "mailbox_none": {"zh": "没有留言。", "en": "There are no messages."},
    "mailbox_no_more": {"zh": "没有更多留言。", "en": "There are no more messages."},
    "mailbox_message": {
        "zh": "重听请按一，保存请按二，删除请按三，上一条请按四，回拨请按五，下一条请按六，返回请按星号键。",
        "en": "To hear it again press 1, to keep it press 2, to delete it press 3, for the one before press 4, "
        "to call back press 5, for the next press 6, to go back press star.",
    },
    "mailbox_unheard": {"zh": "这条留言无法播放。", "en": "This message cannot be played."},
    "mailbox_kept": {"zh": "已保存。", "en": "Kept."},
    "mailbox_deleted": {"zh": "已删除。", "en": "Deleted."},
    "mailbox_no_callback": {"zh": "无法回拨这个号码。", "en": "This number cannot be called back."},
    "mailbox_greeting": {
        "zh": "录制问候语请按一，听问候语请按二，删除问候语请按三，返回请按星号键。",
        "en": "To record your greeting press 1, to hear it press 2, to delete it press 3, to go back press star.",
    },
    "mailbox_no_greeting": {"zh": "还没有问候语。", "en": "There is no greeting of your own."},
    "mailbox_speak": {
        "zh": "请在提示音后录音，按井号键结束。",
        "en": "Please speak after the tone, and press hash when you are done.",
    },
    "mailbox_draft": {
        "zh": "使用请按一，重新录制请按二，放弃请按星号键。",
        "en": "To use it press 1, to record it again press 2, to throw it away press star.",
    },
    "mailbox_too_short": {"zh": "没有录到声音。", "en": "Nothing was recorded."},
    "mailbox_in_use": {"zh": "问候语已保存。", "en": "Your greeting is in use."},
    "mailbox_wrong_key": {"zh": "没有这个选项。", "en": "That key is not in use."},
    "mailbox_bye": {"zh": "再见。", "en": "Goodbye."},
}
