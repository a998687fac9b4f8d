namespace Kopis.Mail.Smtp;

/// <summary>The client and the envelope that a check is about.</summary>
/// <param name="User">The user that the client has proved to be; null for nobody.</param>
/// <param name="Helo">The client's name in HELO; null before HELO.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Recipient">The recipient that was named.</param>
public readonly record struct SmtpSubject(
    byte[]? User, byte[]? Helo, byte[] Sender, byte[] Recipient)
{
    /// <summary>How many recipients the message has so far.</summary>
    public int Recipients { get; init; }
}
