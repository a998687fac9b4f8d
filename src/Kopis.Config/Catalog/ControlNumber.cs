using System.Globalization;

namespace Kopis.Config.Catalog;

/// <summary>A control file that holds a whole number.</summary>
/// <param name="name">The file's name.</param>
/// <param name="value">The default; null if it depends on another file.</param>
public sealed class ControlNumber(string name, long? value) : ControlFile(name)
{
    /// <summary>The longest time that a timer may be given: poll(2) counts milliseconds in an int.
    /// </summary>
    public const int SecondsMax = 1_000_000;

    /// <summary>The default; null if it depends on another file.</summary>
    public long? Value { get; } = value;

    /// <summary>The least value; a smaller number is an error.</summary>
    public long Least { get; init; }

    /// <summary>The greatest value; a larger number counts as this one.</summary>
    public long Most { get; init; } = int.MaxValue;

    /// <summary>What is counted.</summary>
    public string Unit { get; init; } = "";

    /// <summary>The default in words, if it depends on another file.</summary>
    public string Instead { get; init; } = "";

    /// <inheritdoc/>
    public override string Shape =>
        $"a number{(Unit.Length > 0 ? $" of {Unit}" : "")}"
        + (Most >= int.MaxValue ? $", {Least} or more" : $" from {Least} to {Most}");

    /// <inheritdoc/>
    public override string Default =>
        Instead.Length > 0 ? Instead : $"{Value?.ToString(CultureInfo.InvariantCulture)}";
}
