using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>Routes by key, ignoring the case of ASCII letters. If a key occurs twice the last line
/// counts. A null route is an exception: the key has no route.</summary>
internal sealed class KeyedRoutes
{
    private readonly Dictionary<string, SmtpRoute?> _routes = new(StringComparer.Ordinal);

    internal bool HasAny => _routes.Count > 0;

    internal void Add(ReadOnlySpan<byte> key, SmtpRoute? route) =>
        _routes[ByteText.ToText(Ascii8.ToLower(key))] = route;

    internal bool TryGet(ReadOnlySpan<byte> key, out SmtpRoute? route)
    {
        if (_routes.Count == 0)
        {
            route = null;
            return false;
        }

        return _routes.TryGetValue(ByteText.ToText(Ascii8.ToLower(key)), out route);
    }

    /// <summary>The key itself, one for a suffix that starts at a dot, or the empty key.</summary>
    internal bool TryFind(ReadOnlySpan<byte> key, out SmtpRoute? route)
    {
        if (TryGet(key, out route))
        {
            return true;
        }

        for (int i = 0; i < key.Length && _routes.Count > 0; i++)
        {
            if (key[i] == (byte)'.' && TryGet(key[i..], out route))
            {
                return true;
            }
        }

        return TryGet([], out route);
    }
}
