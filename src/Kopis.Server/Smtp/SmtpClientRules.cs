using Kopis.Mail.Smtp;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Smtp;

/// <summary>
/// What is held against one client, as replies of its session. Outlives the session's new beginning
/// with TLS.
/// </summary>
internal sealed class SmtpClientRules(ClientState standing)
{
    private readonly SmtpAnswer? _refusal = Answer(standing.Refusal);
    private int _faults;

    /// <summary>A reply that says why.</summary>
    internal static SmtpAnswer? Answer(ClientRefusal? refusal) => refusal is null
        ? null : new SmtpAnswer(refusal.Code, refusal.Status, refusal.Text);

    /// <summary>Counts a MAIL command; why it is refused, or null.</summary>
    internal SmtpAnswer? RefuseMail(byte[]? user) => Answer(standing.CountMessage(user));

    /// <summary>Counts a RCPT command, as above. What lists and names say does not concern who may
    /// relay.</summary>
    internal SmtpAnswer? RefuseRecipient(byte[]? user, bool mayRelay) =>
        Answer(standing.CountRecipient(user)) ?? (user is null && !mayRelay ? _refusal : null);

    /// <summary>The field that marks its mail, or nothing.</summary>
    internal string Mark(byte[]? user, bool mayRelay) =>
        user is null && !mayRelay ? standing.Mark : "";

    /// <summary>Counts what a line has added to the session's faults.</summary>
    /// <returns>Why the session ends; null where it does not.</returns>
    internal SmtpAnswer? AfterLine(int faults, byte[]? user)
    {
        SmtpAnswer? over = null;
        for (_faults = Math.Min(_faults, faults); _faults < faults; _faults++)
        {
            over = Answer(standing.CountError(user)) ?? over;
        }

        return over;
    }

    /// <summary>Whether the reply is to wait.</summary>
    internal bool IsSlow => standing.Delay > TimeSpan.Zero;

    /// <summary>For how long; asked once.</summary>
    internal TimeSpan NextDelay() => standing.NextDelay();
}
