namespace Kopis.Tools.Tables;

/// <summary>qmail-pw2u's options (contract §7.4).</summary>
internal sealed class Pw2uRules
{
    /// <summary>What a home directory that is not there, or somebody else's, means.</summary>
    internal enum HomeRule
    {
        /// <summary>-o: the user is skipped.</summary>
        Skip,

        /// <summary>-h: none at all stops the program.</summary>
        Require,

        /// <summary>-H: nothing; homes are not looked at.</summary>
        Ignore,
    }

    internal HomeRule Home { get; set; }

    /// <summary>-u: users with capitals are taken.</summary>
    internal bool AllowsCapitals { get; set; }

    /// <summary>-c: what stands between user and extension; -C: null.</summary>
    internal byte? Break { get; set; } = (byte)'-';

    /// <summary>What .qmail is followed by: <c>-</c>, or <c>-/</c> by -/.</summary>
    internal byte[] Dash { get; set; } = "-"u8.ToArray();
}
