using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Host.Accounts;

/// <summary>When a user is locked, holds mail of that user which is still in the queue.</summary>
internal static class HeldMail
{
    // A listener notices a lock within a second and then ends the user's sessions. Until then they
    // can still send mail.
    private static readonly TimeSpan SessionsEnd = TimeSpan.FromSeconds(2);

    /// <summary>Has <c>kopis queue hold</c> hold all messages of a sender.</summary>
    /// <returns>Sentences that say what was held; empty for nothing.</returns>
    internal static string Hold(ProgramContext context, string address)
    {
        if (!File.Exists(context.In("queue/lock/sendmutex"))) // No qmail-send has ever run.
        {
            return "";
        }

        if (LookupClient.IsServed(context.Home))
        {
            Thread.Sleep(SessionsEnd); // No session reports its end to this program.
        }

        (int code, string text) = OwnCommand.Run(context, "queue", "hold", "--sender", address);
        if (code != ExitCode.Success)
        {
            AccountCommand.Warn(
                [$"nothing is held in the queue: {text.TrimEnd()}; "
                    + $"try kopis queue hold --sender {address}"]);
            return "";
        }

        return text.StartsWith("0 recipients of 0 messages", StringComparison.Ordinal) ? ""
            : $"{text}kopis queue release --sender {address} ends that\n";
    }
}
