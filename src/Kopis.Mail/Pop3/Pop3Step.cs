namespace Kopis.Mail.Pop3;

/// <summary>What a line after the login leads to.</summary>
public enum Pop3Step
{
    /// <summary>The next line.</summary>
    NextLine,

    /// <summary>A message is to be sent: <see cref="Pop3Session.Message"/>.</summary>
    SendMessage,

    /// <summary>A listing is to be sent: <see cref="Pop3Session.WriteListing"/>.</summary>
    SendListing,

    /// <summary>The deletions are to be done; then the session ends.</summary>
    Quit,
}
