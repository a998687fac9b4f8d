using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Tools.Metrics;

namespace Kopis.Web.Live;

/// <summary>Checks whether qmail-journal runs; its files alone do not show that.</summary>
/// <param name="home">The home.</param>
internal sealed class JournalWriter(string home)
{
    private readonly ControlDirectory _control = new(Path.Combine(home, "control"));

    /// <summary>Asks qmail-journal.</summary>
    /// <returns>Why nothing is recorded; null if it answers, or if no journal is kept.</returns>
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
