using Kopis.Mail.Dsn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>What a bounce takes over from the message that it returns.</summary>
internal static class BounceEnvelope
{
    /// <summary>A bounce of an SMTPUTF8 message is an SMTPUTF8 message. A bounce of a message that
    /// must not be sent without TLS must not be sent without TLS either (RFC 8689 §5).</summary>
    internal static MessageParameters Parameters(QueuedMessage message) => new()
    {
        SmtpUtf8 = message.Parameters?.Said.SmtpUtf8 == true,
        RequireTls = message.Parameters?.Said.RequireTls == true,
    };
}
