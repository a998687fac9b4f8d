namespace Kopis.Tools.Tables;

/// <summary>The options of qmail-pw2u (contract §7.4).</summary>
internal sealed class Pw2uRules
{
    /// <summary>What to do if a home directory is missing, or belongs to somebody else.</summary>
    internal enum HomeRule
    {
        /// <summary>-o: the user is skipped.</summary>
        Skip,

        /// <summary>-h: a missing home stops the program.</summary>
        Require,

        /// <summary>-H: nothing; the homes are not inspected.</summary>
        Ignore,
    }

    internal HomeRule Home { get; set; }

    /// <summary>-u: users whose names have capitals are accepted.</summary>
    internal bool AllowsCapitals { get; set; }

    /// <summary>-c: the character between user and extension; -C: null.</summary>
    internal byte? Break { get; set; } = (byte)'-';

    /// <summary>What follows .qmail: <c>-</c>, or <c>-/</c> with option -/.</summary>
    internal byte[] Dash { get; set; } = "-"u8.ToArray();
}
