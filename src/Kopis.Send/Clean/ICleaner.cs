namespace Kopis.Send.Clean;

/// <summary>Removes what is finished: qmail-clean.</summary>
internal interface ICleaner
{
    /// <summary>Adds a request (docs/ARCHITECTURE.md, qmail-clean); it is sent later.</summary>
    void Ask(string request);
}
