using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Local.Spawn;

/// <summary>What a spawner refuses before anything is started (contract §7.1).</summary>
internal static class CommandCheck
{
    /// <summary>Null where the command makes sense.</summary>
    /// <param name="command">What was ordered.</param>
    /// <param name="used">The slots; true: a delivery runs there.</param>
    internal static Outcome? Check(DeliveryCommand command, ReadOnlySpan<bool> used) =>
        command.Slot >= used.Length
            ? Outcome.Retry("Internal error: delnum too big. (#4.3.5)\n")
        : used[command.Slot] ? Outcome.Retry("Internal error: delnum in use. (#4.3.5)\n")
        : command.Number is null
            ? Outcome.Failed("Internal error: messid has nonnumerics. (#5.3.5)\n")
        : command.Recipients.Count > 1
            ? Outcome.Retry("Internal error: local deliveries come one by one. (#4.3.5)\n")
        : command.Recipients.Count == 0 || !command.Recipients[0].Contains((byte)'@')
            ? Outcome.Failed("Sorry, address must include host name. (#5.1.3)\n")
        : null;

    /// <summary>Null where a file is the queue's.</summary>
    internal static Outcome? Check(FileStatus status, uint queueUid) =>
        !status.IsRegular ? Outcome.Retry("Sorry, message has wrong type. (#4.3.5)\n")
            : status.Uid != queueUid ? Outcome.Retry("Sorry, message has wrong owner. (#4.3.5)\n")
            : null;

    /// <summary>There is no such message, or it cannot be read now.</summary>
    internal static Outcome CannotOpen() =>
        Outcome.Retry("qmail-spawn unable to open message. (#4.3.0)\n");
}
