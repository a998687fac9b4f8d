using System.Diagnostics.CodeAnalysis;

namespace Kopis.Base;

/// <summary>A process environment as bytes. Mail addresses may hold any byte, but .NET's own view
/// of the environment replaces bytes that are not UTF-8.</summary>
public sealed class ByteEnvironment
{
    private const int ChangesUsual = 8; // What a listener sets for each connection.

    // Copies share these variables, which never change. A copy's own changes lie over them; null
    // removes a variable. A listener makes a copy for each of its connections.
    private Dictionary<string, byte[]> _common = new(StringComparer.Ordinal);
    private Dictionary<string, byte[]?>? _changes;

    /// <summary>An environment without variables.</summary>
    public ByteEnvironment()
    {
    }

    /// <summary>A copy; later changes do not show in <paramref name="other"/>.</summary>
    public ByteEnvironment(ByteEnvironment other) => _common = other.Settled();

    /// <summary>All names, in any order.</summary>
    public IEnumerable<string> Names => Settled().Keys;

    /// <summary>The value, or null if the variable is not set. Empty is not null.</summary>
    [SuppressMessage("Design", "CA1043", Justification = "Environment names are text.")]
    public byte[]? this[string name]
    {
        get
        {
            Dictionary<string, byte[]?>? changes = Volatile.Read(ref _changes);
            return changes is not null && changes.TryGetValue(name, out byte[]? value)
                ? value
                : _common.GetValueOrDefault(name);
        }

        set => (_changes ??= new(ChangesUsual, StringComparer.Ordinal))[name] = value;
    }

    /// <summary>The value as text, one character a byte; null if not set.</summary>
    public string? Text(string name) => this[name] is { } value ? ByteText.ToText(value) : null;

    /// <summary>Sets a value from text, one byte a character.</summary>
    public void SetText(string name, string value) => this[name] = ByteText.ToBytes(value);

    /// <summary>The variables with these names. A name that ends in <c>_</c> stands for all that
    /// begin with it.</summary>
    public ByteEnvironment Only(IReadOnlyList<string> names)
    {
        ByteEnvironment kept = new();
        foreach (string name in Names.Where(name => names.Any(each => each == name
            || (each.EndsWith('_') && name.StartsWith(each, StringComparison.Ordinal)))))
        {
            kept[name] = this[name];
        }

        return kept;
    }

    /// <summary>Reads <c>NAME=VALUE\0</c> records, the form of /proc/self/environ.</summary>
    public static ByteEnvironment Parse(ReadOnlySpan<byte> block)
    {
        ByteEnvironment environment = new();
        while (!block.IsEmpty)
        {
            int end = block.IndexOf((byte)0);
            ReadOnlySpan<byte> record = end < 0 ? block : block[..end];
            block = end < 0 ? [] : block[(end + 1)..];
            int equals = record.IndexOf((byte)'=');
            if (equals > 0)
            {
                environment[ByteText.ToText(record[..equals])] = record[(equals + 1)..].ToArray();
            }
        }

        return environment;
    }

    /// <summary>The <c>NAME=VALUE</c> strings for execve, without their final NUL.</summary>
    public byte[][] ToBlock()
    {
        Dictionary<string, byte[]> values = Settled();
        byte[][] block = new byte[values.Count][];
        int next = 0;
        foreach ((string name, byte[] value) in values)
        {
            block[next++] = [.. ByteText.ToBytes(name), (byte)'=', .. value];
        }

        return block;
    }

    private Dictionary<string, byte[]> Settled()
    {
        // Many threads copy a context's environment at once; each must see one form completely.
        Dictionary<string, byte[]?>? changes = Volatile.Read(ref _changes);
        if (changes is null)
        {
            return _common;
        }

        Dictionary<string, byte[]> values = new(_common, StringComparer.Ordinal);
        foreach ((string name, byte[]? value) in changes)
        {
            if (value is null)
            {
                values.Remove(name);
            }
            else
            {
                values[name] = value;
            }
        }

        Volatile.Write(ref _common, values);
        Volatile.Write(ref _changes, null);
        return values;
    }
}
