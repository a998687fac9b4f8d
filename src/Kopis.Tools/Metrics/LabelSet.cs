using System.Text;

namespace Kopis.Tools.Metrics;

/// <summary>A label and all values that it may have. Any other text counts as the last value, so
/// that foreign text never becomes a label.</summary>
internal sealed class LabelSet
{
    private readonly byte[][] _values;

    /// <param name="key">The label.</param>
    /// <param name="values">The values; the last stands for all other texts.</param>
    internal LabelSet(string key, params string[] values)
    {
        (Key, Values) = (key, values);
        _values = [.. values.Select(Encoding.ASCII.GetBytes)];
    }

    internal string Key { get; }

    internal IReadOnlyList<string> Values { get; }

    /// <summary>The index of a value.</summary>
    internal int IndexOf(ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _values.Length - 1; i++)
        {
            if (value.SequenceEqual(_values[i]))
            {
                return i;
            }
        }

        return _values.Length - 1;
    }

    /// <summary>The label in the text format.</summary>
    internal string Text(int index) => $"{Key}=\"{Values[index]}\"";
}
