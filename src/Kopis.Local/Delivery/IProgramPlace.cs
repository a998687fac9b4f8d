namespace Kopis.Local.Delivery;

/// <summary>The place that a delivery needs to run a program of a .qmail file: qmail-lspawn bounds
/// how many run at once.</summary>
internal interface IProgramPlace
{
    /// <summary>Waits for it.</summary>
    /// <returns>False if there will be none.</returns>
    bool Acquire();

    /// <summary>The program has ended.</summary>
    void Release();
}
