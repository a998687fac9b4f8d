using Kopis.Base;

namespace Kopis.Control;

/// <summary>
/// <c>control/tlspolicy</c>: lines <c>domain:level</c>, with levels none, may, encrypt, verify and
/// <c>verify:name:name…</c>. As in smtproutes a domain that starts with a dot is a suffix, an empty
/// one all others.
/// </summary>
public sealed class TlsPolicies
{
    private static readonly TlsPolicy Otherwise = new(TlsLevel.May, []);

    private readonly ConstMap _lines;

    private TlsPolicies(ConstMap lines) => _lines = lines;

    /// <summary>Reads the file; absent means <c>may</c> for all.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or a line is none. A wrong
    /// level must never become a weaker one.</exception>
    public static TlsPolicies Read(ControlDirectory control)
    {
        IReadOnlyList<byte[]> lines = control.ReadList("tlspolicy") ?? [];
        foreach (byte[] line in lines)
        {
            int colon = line.AsSpan().IndexOf((byte)':');
            if (colon < 0 || TryParse(line[(colon + 1)..]) is null)
            {
                throw control.Bad("tlspolicy",
                    $"\"{LogText.Safe(line)}\" is not domain:none, may, encrypt or verify");
            }
        }

        return new TlsPolicies(ConstMap.KeyValue(lines));
    }

    /// <summary>The policy for a destination: a recipient's domain.</summary>
    public TlsPolicy Find(ReadOnlySpan<byte> domain)
    {
        if (_lines.TryGet(domain, out byte[]? value))
        {
            return TryParse(value)!;
        }

        for (int i = 0; i < domain.Length; i++)
        {
            if (domain[i] == (byte)'.' && _lines.TryGet(domain[i..], out value))
            {
                return TryParse(value)!;
            }
        }

        return _lines.TryGet([], out value) ? TryParse(value)! : Otherwise;
    }

    private static TlsPolicy? TryParse(byte[] value)
    {
        string[] words = ByteText.ToText(value).ToLowerInvariant().Split(':');
        TlsLevel? level = words[0] switch
        {
            "none" => TlsLevel.None,
            "may" => TlsLevel.May,
            "encrypt" => TlsLevel.Encrypt,
            "verify" => TlsLevel.Verify,
            _ => null,
        };
        bool isSound = words.Length == 1
            || (level == TlsLevel.Verify && Array.TrueForAll(words, word => word.Length > 0));
        return level is { } known && isSound ? new TlsPolicy(known, words[1..]) : null;
    }
}
