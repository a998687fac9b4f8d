namespace Kopis.Server.Pop3;

/// <summary>Why a Maildir cannot be served.</summary>
internal enum MaildropFault
{
    None,

    /// <summary>It does not exist, or we may not enter it.</summary>
    Missing,

    /// <summary>Its <c>new</c> or <c>cur</c> cannot be listed.</summary>
    Unreadable,
}
