namespace Kopis.Mail.Smtp;

/// <summary>What users who have logged in may do, and whether others may do anything.</summary>
public interface ISubmissionRules
{
    /// <summary>Why a message may not begin; null if it may.</summary>
    /// <param name="user">Who has logged in; null for nobody.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="isInDoubt">Whether the sender may be an alias of his: to be asked of
    /// <see cref="ISmtpPolicy.Senders"/> before a recipient is looked at.</param>
    SmtpAnswer? OnMail(byte[]? user, ReadOnlySpan<byte> sender, out bool isInDoubt);
}
