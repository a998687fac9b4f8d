namespace Kopis.Mail.Smtp;

/// <summary>Whose mail a check is asked about.</summary>
/// <param name="User">Who the client has shown to be; null for nobody.</param>
/// <param name="Helo">What it calls itself; null before HELO.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Recipient">The recipient that is named.</param>
public readonly record struct SmtpSubject(
    byte[]? User, byte[]? Helo, byte[] Sender, byte[] Recipient)
{
    /// <summary>How many recipients the message has so far.</summary>
    public int Recipients { get; init; }
}
