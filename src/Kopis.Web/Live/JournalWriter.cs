using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Tools.Metrics;

namespace Kopis.Web.Live;

/// <summary>Whether qmail-journal runs: its files stay when it is gone.</summary>
/// <param name="home">The home.</param>
internal sealed class JournalWriter(string home)
{
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Asks it.</summary>
    /// <returns>Why nothing is recorded; null: it answers, or no journal is kept.</returns>
    internal string? Fault()
    {
        try
        {
            return _control.ReadLong(JournalFiles.Bytes) == 0 || JournalSamples.Read(home).Count > 0
                ? null : "qmail-journal does not answer: nothing is recorded";
        }
        catch (ConfigurationException e)
        {
            return e.Message;
        }
    }
}
