using Kopis.Base;
using Kopis.Users;

namespace Kopis.Receive;

/// <summary>
/// How much users have sent within an hour from their first message: what stops a stolen password.
/// Of one listener, bounded; may be used from many threads.
/// </summary>
internal sealed class SubmissionRates(TimeProvider time, Action<string> log)
{
    private const int UsersMax = 20_000;
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);

    private readonly WindowCounter<string> _messages = new(time, Window, UsersMax);
    private readonly WindowCounter<string> _recipients = new(time, Window, UsersMax);

    /// <summary>Counts a message; false where it is one too many.</summary>
    internal bool TryMessage(byte[] user, int most) => Try(_messages, user, most, "messages");

    /// <summary>Counts a recipient; false where it is one too many.</summary>
    internal bool TryRecipient(byte[] user, int most) =>
        Try(_recipients, user, most, "recipients");

    private bool Try(WindowCounter<string> counter, byte[] user, int most, string what)
    {
        if (most == 0)
        {
            return true;
        }

        int count = counter.Count(ByteText.ToText(user));
        if (count == most + 1)
        {
            // Once an hour: whoever reads the log should ask the user, or change the password.
            log($"{LogText.Safe(user)} has sent over {most} {what} within an hour");
        }

        return count <= most;
    }
}
