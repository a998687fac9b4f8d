using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Local.Spawn;

/// <summary>The checks that a spawner makes before it starts anything (contract §7.1).</summary>
internal static class CommandCheck
{
    /// <summary>Null if the command is valid.</summary>
    /// <param name="command">The command.</param>
    /// <param name="used">For each slot, whether a delivery runs there.</param>
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

    /// <summary>Null if the file can be one of the queue's.</summary>
    internal static Outcome? Check(FileStatus status, uint queueUid) =>
        !status.IsRegular ? Outcome.Retry("Sorry, message has wrong type. (#4.3.5)\n")
            : status.Uid != queueUid ? Outcome.Retry("Sorry, message has wrong owner. (#4.3.5)\n")
            : null;

    /// <summary>The report if the message does not exist, or cannot be read now.</summary>
    internal static Outcome CannotOpen() =>
        Outcome.Retry("qmail-spawn unable to open message. (#4.3.0)\n");
}
