using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Lookup;

namespace Kopis.Host.Accounts;

/// <summary>Holds what a user sent that is still in the queue, when the user is locked.</summary>
internal static class HeldMail
{
    // A listener notices a lock within a second and ends the user's sessions: until then they
    // bring mail.
    private static readonly TimeSpan SessionsEnd = TimeSpan.FromSeconds(2);

    /// <summary>Has <c>kopis queue hold</c> hold all messages of this sender.</summary>
    /// <returns>What was held, in sentences; empty for nothing.</returns>
    internal static string Hold(ProgramContext context, string address)
    {
        if (!File.Exists(context.In("queue/lock/sendmutex"))) // No qmail-send has ever run.
        {
            return "";
        }

        if (LookupClient.IsServed(context.Home))
        {
            Thread.Sleep(SessionsEnd); // No session tells this program that it has ended.
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
