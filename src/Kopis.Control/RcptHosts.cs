using Kopis.Base;

namespace Kopis.Control;

/// <summary>
/// The domains that mail is taken for from anyone: <c>rcpthosts</c>, then
/// <c>morercpthosts.cdb</c> (contract §2.3).
/// </summary>
public sealed class RcptHosts
{
    private readonly ConstMap? _hosts; // Null: no such file, all is taken.
    private readonly byte[]? _more;

    private RcptHosts(ConstMap? hosts, byte[]? more)
    {
        _hosts = hosts;
        _more = more;
    }

    /// <summary>Whether there is no list, so that mail is taken for everywhere.</summary>
    public bool IsOpen => _hosts is null;

    /// <summary>Reads both. Without <c>rcpthosts</c> the cdb is not looked at.</summary>
    /// <exception cref="ConfigurationException">One exists and cannot be read.</exception>
    public static RcptHosts Load(ControlDirectory control)
    {
        IReadOnlyList<byte[]>? lines = control.ReadList("rcpthosts");
        return lines is null
            ? new RcptHosts(null, null)
            : new RcptHosts(ConstMap.Set(lines), control.ReadCdb("morercpthosts.cdb"));
    }

    /// <summary>
    /// Looks up what follows the last <c>@</c>: the whole of it, then each part from a dot on. An
    /// address without <c>@</c> is this host's own.
    /// </summary>
    public bool Contains(ReadOnlySpan<byte> address)
    {
        int at = address.LastIndexOf((byte)'@');
        if (_hosts is null || at < 0)
        {
            return true;
        }

        byte[] host = Ascii8.ToLower(address[(at + 1)..]);
        return HasAnyPart(host, _hosts.Contains)
            || (_more is not null && HasAnyPart(host, key => Cdb.TryFind(_more, key, out _)));
    }

    private static bool HasAnyPart(ReadOnlySpan<byte> host, KeyTest test)
    {
        int from = 0;
        while (!test(host[from..]))
        {
            int dot = from + 1 < host.Length ? host[(from + 1)..].IndexOf((byte)'.') : -1;
            if (dot < 0)
            {
                return false;
            }

            from += 1 + dot;
        }

        return true;
    }

    private delegate bool KeyTest(ReadOnlySpan<byte> key);
}
