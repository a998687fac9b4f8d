namespace Kopis.Mail.Pop3;

/// <summary>What follows a line after the login.</summary>
public enum Pop3Step
{
    /// <summary>The next line.</summary>
    NextLine,

    /// <summary>A message is to be sent: <see cref="Pop3Session.Message"/>.</summary>
    SendMessage,

    /// <summary>A listing is to be sent: <see cref="Pop3Session.WriteListing"/>.</summary>
    SendListing,

    /// <summary>The messages marked as deleted must be removed; then the session ends.</summary>
    Quit,
}
