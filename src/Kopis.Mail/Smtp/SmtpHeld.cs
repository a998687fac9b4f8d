using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>A command that waits for the host's ruling.</summary>
/// <param name="Text">The name of HELO or the address of MAIL.</param>
internal readonly record struct SmtpHeld(byte[] Text)
{
    internal bool IsExtended { get; init; }

    internal bool IsInDoubt { get; init; }

    internal bool IsChunk { get; init; }

    internal MessageParameters Parameters { get; init; }
}
