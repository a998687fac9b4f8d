using Kopis.Mail.Dsn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Bounces;

/// <summary>What a bounce inherits of the message that it gives back.</summary>
internal static class BounceEnvelope
{
    /// <summary>UTF-8 in it stays such, and what must not leave TLS must not come back without
    /// (RFC 8689 §5).</summary>
    internal static MessageParameters Parameters(QueuedMessage message) => new()
    {
        SmtpUtf8 = message.Parameters?.Said.SmtpUtf8 == true,
        RequireTls = message.Parameters?.Said.RequireTls == true,
    };
}
