namespace Kopis.Net.Dns;

/// <summary>How long a question may take in all: with every resolver, every way of asking and
/// every alias. One thread.</summary>
/// <param name="all">From now on.</param>
internal sealed class QuestionTime(TimeSpan all)
{
    private readonly long _start = TimeProvider.System.GetTimestamp();

    /// <summary>What other ways of asking have of it.</summary>
    internal TimeSpan Kept { get; set; }

    /// <summary>What is left for this way; less than nothing where it is over.</summary>
    internal TimeSpan Left => all - Kept - TimeProvider.System.GetElapsedTime(_start);

    /// <summary>A resolver has said something that is no answer: nobody waits for silent ones any
    /// more.</summary>
    internal bool IsRefused { get; set; }
}
