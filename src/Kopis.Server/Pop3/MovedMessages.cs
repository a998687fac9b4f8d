using Kopis.Base;

namespace Kopis.Server.Pop3;

/// <summary>Finds messages that were renamed, by their names up to the colon. A name that two
/// messages share, or that two files have now, is ambiguous and finds nothing.</summary>
/// <param name="count">How many messages there are.</param>
internal sealed class MovedMessages(int count)
{
    private readonly Dictionary<string, int?> _byId = new(count, StringComparer.Ordinal);
    private readonly byte[]?[] _paths = new byte[count][];
    private readonly bool[] _stays = new bool[count];

    /// <summary>Adds a message to search for.</summary>
    internal void Expect(int index, ReadOnlySpan<byte> id)
    {
        string key = ByteText.ToText(id);
        if (!_byId.TryAdd(key, index))
        {
            _byId[key] = null;
        }
    }

    /// <summary>Which message has the name; null if none or several have.</summary>
    internal int? IndexOf(ReadOnlySpan<byte> id) => _byId.GetValueOrDefault(ByteText.ToText(id));

    /// <summary>Notes that a message is where it was.</summary>
    internal void Stays(int index) => _stays[index] = true;

    /// <summary>Notes that a file with its name is elsewhere.</summary>
    internal void IsAt(int index, byte[] path) => _paths[index] = _paths[index] is null ? path : [];

    /// <summary>Where a message has moved to; null if it has not, or that is ambiguous.</summary>
    internal byte[]? NewPathOf(int index) =>
        !_stays[index] && _paths[index] is [_, ..] path ? path : null;

    /// <summary>Whether a message was found.</summary>
    internal bool IsThere(int index) => _stays[index] || NewPathOf(index) is not null;
}
