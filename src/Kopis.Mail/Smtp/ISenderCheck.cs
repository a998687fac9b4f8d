using Kopis.Base;

namespace Kopis.Mail.Smtp;

/// <summary>
/// Who knows which aliases are a user's. Asked at the first RCPT of a message whose sender is not
/// his by name, so that no recipient is looked at for a sender in doubt.
/// </summary>
public interface ISenderCheck
{
    /// <summary>Whether anybody can be asked.</summary>
    bool KnowsSenders { get; }

    /// <summary>Asks whether a user may send as an address. Does not throw: what goes wrong is
    /// <see cref="LookupVerdict.Later"/>.</summary>
    ValueTask<LookupVerdict> MaySendAsAsync(
        byte[] user, byte[] sender, CancellationToken stop);
}
