namespace Kopis.Mail.Pop3;

/// <summary>The replies of qmail-popup and qmail-pop3d, byte for byte (contract §10).</summary>
public static class Pop3Reply
{
    /// <summary>Yes; the space is qmail's.</summary>
    public static ReadOnlySpan<byte> Ok => "+OK \r\n"u8;

    /// <summary>The last reply before TLS.</summary>
    public static ReadOnlySpan<byte> ReadyForTls => "+OK begin TLS\r\n"u8;

    /// <summary>The reply to a client that sent more data along with STLS; the session ends. Either
    /// the client is broken, or somebody wants plain text to be taken for encrypted
    /// (CVE-2011-0411).</summary>
    public static ReadOnlySpan<byte> PlaintextAhead =>
        "-ERR nothing may follow STLS before its reply\r\n"u8;

    /// <summary>The end of a listing.</summary>
    public static ReadOnlySpan<byte> EndOfList => ".\r\n"u8;

    public static ReadOnlySpan<byte> SyntaxError => "-ERR syntax error\r\n"u8;

    public static ReadOnlySpan<byte> UserFirst => "-ERR USER first\r\n"u8;

    public static ReadOnlySpan<byte> AuthorizationFirst => "-ERR authorization first\r\n"u8;

    public static ReadOnlySpan<byte> AuthorizationFailed => "-ERR authorization failed\r\n"u8;

    public static ReadOnlySpan<byte> ChildCrashed => "-ERR aack, child crashed\r\n"u8;

    /// <summary>The reply to a name or a password that others could read.</summary>
    public static ReadOnlySpan<byte> TlsFirst => "-ERR STLS first\r\n"u8;

    /// <summary>The reply to <c>*</c> within AUTH.</summary>
    public static ReadOnlySpan<byte> Cancelled => "-ERR authorization cancelled\r\n"u8;

    /// <summary>The reply if passwords cannot be checked at present.</summary>
    public static ReadOnlySpan<byte> AuthorizationLater =>
        "-ERR unable to check that now, try again later\r\n"u8;

    /// <summary>The only reply to a client that has too many connections already.</summary>
    public static ReadOnlySpan<byte> TooManyConnections =>
        "-ERR too many connections from you, try again later\r\n"u8;

    /// <summary>To a user who has the largest number of sessions allowed.</summary>
    public static ReadOnlySpan<byte> InUse =>
        "-ERR too many sessions of this mailbox, try again later\r\n"u8;

    public static ReadOnlySpan<byte> PopupUsage => "-ERR usage: popup hostname subprogram\r\n"u8;

    public static ReadOnlySpan<byte> NoPipe => "-ERR unable to open pipe\r\n"u8;

    public static ReadOnlySpan<byte> NoFork => "-ERR unable to fork\r\n"u8;


    public static ReadOnlySpan<byte> NoMaildir => "-ERR this user has no $HOME/Maildir\r\n"u8;

    public static ReadOnlySpan<byte> NoScan => "-ERR unable to scan $HOME/Maildir\r\n"u8;

    public static ReadOnlySpan<byte> Unimplemented => "-ERR unimplemented\r\n"u8;

    public static ReadOnlySpan<byte> Deleted => "-ERR already deleted\r\n"u8;

    public static ReadOnlySpan<byte> NoZero => "-ERR messages are counted from 1\r\n"u8;

    public static ReadOnlySpan<byte> TooBig => "-ERR not that many messages\r\n"u8;

    public static ReadOnlySpan<byte> NoOpen => "-ERR unable to open that message\r\n"u8;

    public static ReadOnlySpan<byte> NoUnlink =>
        "-ERR unable to unlink all deleted messages\r\n"u8;
}
