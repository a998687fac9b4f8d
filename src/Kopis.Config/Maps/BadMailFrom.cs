using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>Senders whose mail is refused: <c>badmailfrom</c> (contract §2.3).</summary>
public sealed class BadMailFrom
{
    private readonly ConstMap _senders;

    private BadMailFrom(ConstMap senders) => _senders = senders;

    /// <summary>Reads the file; without it no sender is refused.</summary>
    public static BadMailFrom Load(ControlDirectory control) =>
        new(ConstMap.Set(control.ReadList(SmtpFiles.BadMailFrom) ?? []));

    /// <summary>
    /// Whether the whole address, or its part from the last <c>@</c> on, is listed.
    /// </summary>
    public bool Contains(ReadOnlySpan<byte> sender)
    {
        if (_senders.Count == 0)
        {
            return false;
        }

        int at = sender.LastIndexOf((byte)'@');
        return _senders.Contains(sender) || (at >= 0 && _senders.Contains(sender[at..]));
    }
}
