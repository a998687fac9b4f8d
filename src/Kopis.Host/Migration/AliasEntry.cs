namespace Kopis.Host.Migration;

/// <summary>One entry of aliases(5).</summary>
/// <param name="Name">In lower case, without quotes.</param>
/// <param name="Targets">Addresses, <c>|command</c>, <c>/file</c>, <c>:include:/file</c>,
/// <c>\name</c>; without quotes.</param>
/// <param name="Line">Where it is.</param>
internal sealed record AliasEntry(string Name, IReadOnlyList<string> Targets, ForeignLine Line);
