namespace Kopis.Host.Migration;

/// <summary>A line of a table: key and value.</summary>
/// <param name="Key">In lower case.</param>
/// <param name="Value">What is after the first blanks.</param>
/// <param name="Line">Where it is.</param>
internal readonly record struct TableEntry(string Key, string Value, ForeignLine Line);
