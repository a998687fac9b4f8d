namespace Kopis.Net.Dns;

/// <summary>How long a question may take in all: with every resolver, every way of asking, and
/// every alias. Not thread-safe.</summary>
/// <param name="all">The time for the question, from now on.</param>
internal sealed class QuestionTime(TimeSpan all)
{
    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <summary>The part of it that is reserved for other ways of asking.</summary>
    internal TimeSpan Kept { get; set; }

    /// <summary>What is left for this way of asking; negative if the time is over.</summary>
    internal TimeSpan Left => all - Kept - TimeProvider.System.GetElapsedTime(_start);

    /// <summary>Whether a resolver has replied without an answer. Then resolvers known to be silent
    /// are not waited for.</summary>
    internal bool IsRefused { get; set; }
}
