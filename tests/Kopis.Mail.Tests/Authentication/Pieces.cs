using CsCheck;

namespace Kopis.Mail.Tests.Authentication;

/// <summary>Generators of text made of given pieces.</summary>
internal static class Pieces
{
    internal static Gen<string> Of(params string[] choices) =>
        Gen.Int[0, choices.Length - 1].Select(index => choices[index]);
}
