namespace Kopis.Mail.Smtp;

/// <summary>The rules for users who have logged in, which also say whether other clients may send
/// at all.</summary>
public interface ISubmissionRules
{
    /// <summary>The refusal if a message may not begin; otherwise null.</summary>
    /// <param name="user">The user who has logged in; null for nobody.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="isInDoubt">Whether the sender may be an alias of the user:
    /// <see cref="ISmtpPolicy.Senders"/> must then be asked before any recipient is looked up.
    /// </param>
    SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender, out bool isInDoubt);
}
