using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>Knows which aliases belong to a user. It is asked at the first RCPT of a message whose
/// sender is not the user by name, so that no recipient is looked up for a doubtful sender.
/// </summary>
public interface ISenderCheck
{
    /// <summary>Whether somebody can be asked.</summary>
    bool KnowsSenders { get; }

    /// <summary>Asks whether a user may send with an address. It does not throw: any failure is
    /// <see cref="LookupVerdict.Later"/>.</summary>
    ValueTask<LookupVerdict> MaySendAsAsync(
        byte[] user, byte[] sender, CancellationToken stop);
}
