namespace Kopis.Host.Control;

/// <summary>What qmail-showctl says of one control file.</summary>
/// <param name="Name">The file.</param>
/// <param name="Kind">How it is read.</param>
/// <param name="Default">Its value, or for a list the sentence, where there is no file.</param>
/// <param name="Before">Stands before each value.</param>
/// <param name="After">Stands after each value.</param>
/// <param name="Most">What a larger number counts as.</param>
internal sealed record ControlText(
    string Name, ControlTexts.Kind Kind, string Default, string Before, string After = "",
    long Most = int.MaxValue);
