namespace Kopis.Mail.Smtp;

/// <summary>Checks whether a command that is not part of a message may come now. Each returns the
/// refusal, or null.</summary>
internal static class AsideChecks
{
    /// <summary>STARTTLS.</summary>
    internal static SmtpAnswer? StartTls(ISmtpPolicy policy, ReadOnlySpan<byte> argument) =>
        !policy.Extensions.HasFlag(SmtpExtensions.StartTls) ? SmtpReply.Unimplemented
        : !argument.IsEmpty ? SmtpReply.NoArguments
        : null;

    /// <summary>AUTH.</summary>
    internal static SmtpAnswer? Auth(ISmtpPolicy policy, byte[]? user, bool isInTransaction) =>
        !policy.Extensions.HasFlag(SmtpExtensions.Auth) ? SmtpReply.Unimplemented
        : user is not null ? SmtpReply.AlreadyAuthenticated
        : isInTransaction ? SmtpReply.InTransaction
        : null;

    /// <summary>XCLIENT.</summary>
    internal static SmtpAnswer? XClient(ISmtpPolicy policy, bool isInTransaction) =>
        !policy.Extensions.HasFlag(SmtpExtensions.XClient) ? SmtpReply.Unimplemented
        : isInTransaction ? SmtpReply.InTransaction
        : null;
}
