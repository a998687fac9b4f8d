namespace Kopis.Send.Clean;

/// <summary>Who removes what is finished: qmail-clean.</summary>
internal interface ICleaner
{
    /// <summary>Makes a request (docs/ARCHITECTURE.md, qmail-clean); it goes out later.</summary>
    void Ask(string request);
}
